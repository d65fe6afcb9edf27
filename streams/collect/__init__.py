"""The collector: protocols that senders speak, who may send, and the bounds that hold against everybody."""
