"""Who the people at an account are: what their titles say."""
