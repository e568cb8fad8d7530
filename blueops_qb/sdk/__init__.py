"""What others program against: hooks, the host's duties, the provider interface and its values."""

#: The number of this contract. It rises when something is taken away or changes its meaning.
CONTRACT = 1
