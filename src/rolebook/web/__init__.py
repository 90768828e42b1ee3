"""The pages people see: views that translate a request, call a flow or a query, and render a template."""
