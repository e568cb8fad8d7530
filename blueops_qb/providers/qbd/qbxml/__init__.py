"""qbXML as such: elements, the table of messages, writing and reading; nothing here knows a document."""
