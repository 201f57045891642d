"""Looking at a file of chats or preference pairs before anything is trained on it."""
