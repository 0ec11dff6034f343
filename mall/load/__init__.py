"""`mall load`: shoppers that behave like people, and a ledger of what each of them was told."""
