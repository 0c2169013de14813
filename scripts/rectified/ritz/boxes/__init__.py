"""Deep Ritz networks on boxes of any dimension."""
