"""The daily job in the application 每日比对: snapshot out, findings in, warnings to departments, round trip."""
