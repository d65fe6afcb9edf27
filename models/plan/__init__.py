"""The account plan: whom we must know, what we sell and will sell, who competes, who does what by when."""
