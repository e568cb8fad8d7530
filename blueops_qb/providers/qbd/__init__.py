"""QuickBooks Desktop: its books are reached through the Web Connector, which asks for work in qbXML."""
