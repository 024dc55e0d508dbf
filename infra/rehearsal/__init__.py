"""The rehearsal: the synthesized templates and the zip on a local AWS, with a conversation.

ministack plays AWS with real Lambda processes; the sandbox plays Amazon Connect, WhatsApp and
OpenAI on another port. What the local AWS lacks is listed, never hidden.
"""
