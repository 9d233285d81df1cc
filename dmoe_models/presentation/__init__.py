"""What people look at: pages, tables, number formats and the style of figures."""
