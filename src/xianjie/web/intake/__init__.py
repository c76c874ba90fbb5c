"""Departments' files 部门报送: deliveries, row-level results, doubtful matches, what is due."""
