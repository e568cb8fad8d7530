"""The engine: takes events in, plans, hands out exchanges, hears their fate and keeps both sides equal."""
