"""Every number of WhatsApp's that shapes a message, with where it comes from. Pure.

Sources: *send* = Meta, cloud-api messages/send-messages and messages/<type>; *media* = Meta,
business-phone-numbers/media; read through reference whatsapp-eum.md section 5.1 and 5.2.
"""

TEXT = 4096
"""Characters of a text message. [send]"""

CAPTION = 1024
"""Characters of the caption of an image, video or document. [send]"""

FILENAME = 240
"""Characters of a document's file name; Meta states no number, this is what file systems keep."""

BUTTONS = 3
BUTTON_TITLE = 20
BUTTON_ID = 256
BUTTON_BODY = 1024
"""Reply buttons: how many, characters of title, id and body; ids and titles unique. [send]"""

LIST_ROWS = 10
LIST_SECTIONS = 10
LIST_BODY = 4096
LIST_BUTTON = 20
ROW_ID = 200
ROW_TITLE = 24
ROW_DESCRIPTION = 72
SECTION_TITLE = 24
"""List: rows in all sections together, sections, characters of each part. [send]"""

HEADER = 60
FOOTER = 60
"""Characters of a header or footer. [send]"""

CTA_BODY = 1024
CTA_LABEL = 20
"""Call-to-action link. [send]"""

CONTACT_CARDS = 257
"""Contact cards in one message. [send]"""

MEGABYTE = 1024 * 1024

IMAGE_BYTES = 5 * MEGABYTE
VIDEO_BYTES = 16 * MEGABYTE
AUDIO_BYTES = 16 * MEGABYTE
DOCUMENT_BYTES = 100 * MEGABYTE
STICKER_BYTES = 100 * 1024
ANIMATED_STICKER_BYTES = 500 * 1024
"""Upload limits. [media]"""

VOICE_PLAY_ICON_BYTES = 512 * 1024
"""Up to here a voice message shows the play icon, above a download icon. [send, audio]"""

MEDIA_TYPES = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "sticker",
    "video/mp4": "video",
    "video/3gpp": "video",
    "audio/aac": "audio",
    "audio/amr": "audio",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "text/plain": "document",
    "application/pdf": "document",
    "application/msword": "document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/vnd.ms-excel": "document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "document",
    "application/vnd.ms-powerpoint": "document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "document",
}
"""MIME type (without parameters) -> message type that carries it. Other types are not promised
by WhatsApp; as a document they may or may not arrive. [media]"""

MAX_BYTES = {
    "image": IMAGE_BYTES,
    "sticker": STICKER_BYTES,
    "video": VIDEO_BYTES,
    "audio": AUDIO_BYTES,
    "document": DOCUMENT_BYTES,
}

WINDOW_SECONDS = 24 * 3600
"""Customer service window, from the customer's last message or call. [send]"""

PAIR_SECONDS = 6
PAIR_BURST = 45
"""One message to the same person per 6 s; a burst of 45 borrows from later. Over it: 131056.
[Meta about-the-platform]"""

NUMBER_PER_SECOND = 80
COEXISTENCE_PER_SECOND = 20
"""Messages per second and business number, in and out. Over it: 130429. [Meta throughput]"""

TYPING_SECONDS = 25
"""A typing indicator goes away by itself after this. [Meta typing-indicators]"""

REACTION_DAYS = 30
"""Messages older than this cannot be reacted to (failed with 131009). [send, reaction]"""

INBOUND_MEDIA_DAYS = 7
UPLOADED_MEDIA_DAYS = 30
"""How long a media id works: received, uploaded by us. [media]"""


def message_type(mime_type: str) -> str:
    """The WhatsApp message type that carries a file of this MIME type; "document" for the rest."""
    return MEDIA_TYPES.get(mime_type.partition(";")[0].strip().lower(), "document")


def max_bytes(mime_type: str) -> int:
    """The largest upload WhatsApp takes for a file of this MIME type."""
    return MAX_BYTES[message_type(mime_type)]
