"""What happened, at one grain a table: an order line, a SKU-day, a shipment, a pick, a return. The grain is each docstring's first line."""
