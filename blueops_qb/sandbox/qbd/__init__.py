"""A stateful stand-in for QuickBooks Desktop: company file, qbXML request processor, Web Connector."""
