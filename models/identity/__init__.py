"""Who belongs to which company: how a binding comes about, told to a person."""
