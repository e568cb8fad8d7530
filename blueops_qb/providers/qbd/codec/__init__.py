"""The codec: neutral documents to and from qbXML, one module per family."""
