"""Social assistance 社会救助: applications, benefits, payments, the reserve fund, who is missed."""

DEPARTMENT = "civil_affairs"  # whose applications and benefits these are; clerks of other departments do not see them
