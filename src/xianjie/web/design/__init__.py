"""The face of the application: values, tables and template tags that every page is made of."""
