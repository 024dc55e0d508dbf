"""Meta's and End User Messaging Social's numbers (reference whatsapp-eum, sections 2 to 6).

Kept apart from the product's own table on purpose: two tables that disagree fail a test.
"""

TEXT = 4096  # Meta, text messages
CAPTION = 1024  # Meta, media messages
CONTACTS = 257  # Meta, contacts messages
INTERACTIVE_BODY = 1024  # Meta, reply buttons, cta_url, location request, flow
LIST_BODY = 4096  # Meta, interactive list
HEADER = 60
FOOTER = 60
BUTTONS = 3
BUTTON_ID = 256
BUTTON_TITLE = 20
LIST_BUTTON = 20
SECTIONS = 10
SECTION_TITLE = 24
ROWS = 10
ROW_ID = 200
ROW_TITLE = 24
ROW_DESCRIPTION = 72
CTA_TITLE = 20
FLOW_CTA = 30

WINDOW_S = 24 * 3600  # Meta, customer service window
PAIR_EVERY_S = 6  # Meta, about the platform: one message per 6 s to the same user
PAIR_BURST = 45  # the same page
REACTION_TARGET_S = 30 * 24 * 3600  # Meta, reaction messages
TYPING_S = 25  # Meta, typing indicators

INBOUND_MEDIA_S = 7 * 24 * 3600  # Meta, media: ids of webhooks
UPLOADED_MEDIA_S = 30 * 24 * 3600  # Meta, media: ids of uploads

_MB = 1024 * 1024
IMAGES = frozenset({"image/jpeg", "image/png"})
VIDEOS = frozenset({"video/mp4", "video/3gpp", "video/3gp"})
AUDIOS = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"})
STICKERS = frozenset({"image/webp"})
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCUMENTS = frozenset(
    {
        "text/plain",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OFFICE}presentationml.presentation",
    }
)
MEDIA_TYPES = {
    "image": IMAGES,
    "video": VIDEOS,
    "audio": AUDIOS,
    "sticker": STICKERS,
    "document": DOCUMENTS,
}
MEDIA_BYTES = {
    "image": 5 * _MB,
    "video": 16 * _MB,
    "audio": 16 * _MB,
    "sticker": 500 * 1024,  # animated; static ones 100 KB
    "document": 100 * _MB,
}

# EUM's choice of file extension is not published beyond image/jpeg -> .jpeg; the rest is believed.
EXTENSIONS = {
    "image/jpeg": ".jpeg",
    "image/png": ".png",
    "image/webp": ".webp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}presentationml.presentation": ".pptx",
}


def bare(mime_type: str) -> str:
    """A MIME type without its parameters, e.g. audio/ogg; codecs=opus -> audio/ogg."""
    return mime_type.partition(";")[0].strip().lower()
