"""WhatsApp behind End User Messaging Social: the account, its customers, Meta's rules."""
