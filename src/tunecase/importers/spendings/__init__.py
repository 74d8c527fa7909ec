"""Charges of elsewhere: one function for each kind of place, named in `flow.spending.READERS`.

Each takes the place as typed and what the user says of it, and gives the charges found, none of them booked yet. It
raises InputError with every mistake together (at most MOST_SHOWN are listed), so that nothing is imported by halves.
"""
