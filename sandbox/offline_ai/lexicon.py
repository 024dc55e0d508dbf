"""The words by which the offline rules judge urgency, mood and language. Data only.

Patterns match lower-case text whose numbers are digits.
"""

from collections.abc import Mapping

from chalicelib.voice_note_facts import Intent, Urgency
from sandbox.offline_ai.lexicon_intents import INTENTS

HUMAN = {
    language: next(pattern for intent, pattern in pairs if intent is Intent.TALK_TO_HUMAN)
    for language, pairs in INTENTS.items()
}

Patterns = Mapping[str, str]

#: "Today" hurries only where something is asked for: "it came today" does not.
URGENT: Mapping[str, str] = {
    "en": r"(?:please|need|want|must|fix|send|call|deliver|get|by)\b[^.!?]{0,40}\btoday\b"
    r"|right now|immediately|urgent\w*|at once|as soon as possible|\basap\b"
    r"|emergency|unacceptable|cannot wait|can't wait|this instant",
    "es": r"(?:por favor|necesit\w+|quier\w+|para|tiene que|arregl\w+|env[ií]\w+|ll[aá]m\w+)\b"
    r"[^.!?]{0,40}\bhoy\b|ahora mismo|inmediat\w*|urgent\w*|cuanto antes|lo antes posible"
    r"|emergencia|inaceptable|\bya mismo\b",
    "pt": r"(?:por favor|precis\w+|quer\w+|at[eé]|para|tem que|envi\w+|lig\w+|resolv\w+)"
    r"\b[^.!?]{0,40}\bhoje\b|agora mesmo|imediat\w*|urgent\w*|o mais rápido possível|quanto antes"
    r"|emergência|inaceitável",
}
CALM: Mapping[str, str] = {
    "en": r"no (?:hurry|rush)|not urgent|whenever you can|take your time",
    "es": r"sin prisa|no es urgente|cuando pued\w+",
    "pt": r"sem pressa|não é urgente|quando puder\w*",
}
#: How urgent an intent is when nothing is said about it.
USUAL_URGENCY: Mapping[Intent, Urgency] = {
    Intent.ORDER_STATUS: Urgency.MEDIUM,
    Intent.REFUND: Urgency.MEDIUM,
    Intent.ADDRESS_CHANGE: Urgency.LOW,
    Intent.APPOINTMENT: Urgency.LOW,
    Intent.CANCEL_SUBSCRIPTION: Urgency.MEDIUM,
    Intent.OUTAGE: Urgency.HIGH,
    Intent.COMPLAINT: Urgency.MEDIUM,
    Intent.TALK_TO_HUMAN: Urgency.MEDIUM,
    Intent.BILLING: Urgency.MEDIUM,
    Intent.TECHNICAL_PROBLEM: Urgency.MEDIUM,
    Intent.OTHER: Urgency.LOW,
}

NEGATIVE: Mapping[str, str] = {
    "en": r"unacceptable|terrible|awful|angry|furious|ridiculous|disappoint\w*|worst|horrible"
    r"|frustrat\w*|fed up|nobody (?:is |has )?(?:\w+ )?(?:help\w*|answer\w*|call\w*)|upset|unhappy"
    r"|disgust\w*|scam|useless|joke|damaged|\brude\b|(?:second|third|fourth) time"
    r"|(?:sick|tired) of",
    "es": r"inaceptable|terrible|pésim\w*|enojad\w*|enfadad\w*|ridícul\w*|decepcion\w*|peor"
    r"|horrible|frustrad\w*|hart[oa]|nadie (?:me )?\w+|molest[oa]|estafa|vergüenza"
    r"|groser\w+|maleducad\w+|(?:segunda|tercera|cuarta) vez",
    "pt": r"inaceitável|terrível|péssim\w*|furios\w*|ridícul\w*|decepcion\w*|pior|horrível"
    r"|frustrad\w*|cansad[oa] de|ninguém (?:me )?\w+|chatead\w*|golpe|absurdo|vergonha"
    r"|grosseir\w+|mal[ -]educad\w+|(?:segunda|terceira|quarta) vez",
}
POSITIVE: Mapping[str, str] = {
    "en": r"thank you (?:very|so) much|thanks a lot|thank you for|great|perfect|excellent"
    r"|wonderful|\blove\b|happy with|everything is fine|awesome",
    "es": r"much[aí]simas gracias|muchas gracias|gracias por|perfecto|excelente|genial|encanta"
    r"|maravillos\w*|content[oa] con",
    "pt": r"muito obrigad[oa]|obrigad[oa] p\w+|perfeito|excelente|ótimo|adorei|maravilhos\w*",
}

#: Words that give a language away, for texts that come without one.
COMMON: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        [
            "the",
            "and",
            "is",
            "my",
            "i",
            "you",
            "it",
            "to",
            "of",
            "for",
            "not",
            "have",
            "was",
            "please",
            "hello",
            "hi",
            "with",
            "this",
            "that",
        ]
    ),
    "es": frozenset(
        [
            "el",
            "los",
            "las",
            "es",
            "mi",
            "yo",
            "y",
            "que",
            "no",
            "hola",
            "por",
            "favor",
            "quiero",
            "con",
            "una",
            "un",
            "tengo",
            "está",
            "pero",
            "muy",
            "la",
            "del",
            "necesito",
            "sin",
            "ayer",
            "estamos",
            "dónde",
            "cuándo",
            "gracias",
            "buenas",
            "buenos",
            "mañana",
            "dinero",
            "pero",
            "nos",
        ]
    ),
    "pt": frozenset(
        [
            "os",
            "as",
            "é",
            "meu",
            "minha",
            "eu",
            "e",
            "não",
            "oi",
            "olá",
            "por",
            "favor",
            "quero",
            "com",
            "uma",
            "um",
            "tenho",
            "está",
            "mas",
            "muito",
            "o",
            "do",
            "da",
            "na",
            "preciso",
            "sem",
            "ontem",
            "você",
            "obrigado",
            "obrigada",
            "bom",
            "boa",
            "dinheiro",
            "onde",
            "quando",
            "nos",
            "ele",
            "ela",
        ]
    ),
}

NEXT_STEPS: Mapping[str, Mapping[Intent, str]] = {
    "en": {
        Intent.ORDER_STATUS: "Look up the order and tell the customer where it is.",
        Intent.REFUND: "Check the charge, then explain the refund.",
        Intent.ADDRESS_CHANGE: "Read the address back before changing it.",
        Intent.APPOINTMENT: "Offer a free time and confirm it.",
        Intent.CANCEL_SUBSCRIPTION: "Confirm which contract is meant before cancelling.",
        Intent.OUTAGE: "Check known outages and tell the customer what is being done.",
        Intent.COMPLAINT: "Acknowledge the problem and ask for what is missing.",
        Intent.TALK_TO_HUMAN: "Greet the customer and ask how you can help.",
        Intent.BILLING: "Open the latest invoice and explain it.",
        Intent.TECHNICAL_PROBLEM: "Ask what exactly fails and start the fault check.",
        Intent.OTHER: "Listen to the note and ask the customer what is needed.",
    },
    "es": {
        Intent.ORDER_STATUS: "Busque el pedido y diga al cliente dónde está.",
        Intent.REFUND: "Compruebe el cargo y explique el reembolso.",
        Intent.ADDRESS_CHANGE: "Repita la dirección antes de cambiarla.",
        Intent.APPOINTMENT: "Ofrezca una hora libre y confírmela.",
        Intent.CANCEL_SUBSCRIPTION: "Confirme qué contrato es antes de cancelar.",
        Intent.OUTAGE: "Mire los cortes conocidos y diga qué se está haciendo.",
        Intent.COMPLAINT: "Reconozca el problema y pida lo que falte.",
        Intent.TALK_TO_HUMAN: "Salude al cliente y pregunte cómo ayudar.",
        Intent.BILLING: "Abra la última factura y explíquela.",
        Intent.TECHNICAL_PROBLEM: "Pregunte qué falla y empiece la comprobación.",
        Intent.OTHER: "Escuche la nota y pregunte al cliente qué necesita.",
    },
    "pt": {
        Intent.ORDER_STATUS: "Procure o pedido e diga ao cliente onde está.",
        Intent.REFUND: "Verifique a cobrança e explique o reembolso.",
        Intent.ADDRESS_CHANGE: "Repita o endereço antes de mudar.",
        Intent.APPOINTMENT: "Ofereça um horário livre e confirme.",
        Intent.CANCEL_SUBSCRIPTION: "Confirme qual contrato é antes de cancelar.",
        Intent.OUTAGE: "Veja as falhas conhecidas e diga o que está sendo feito.",
        Intent.COMPLAINT: "Reconheça o problema e peça o que falta.",
        Intent.TALK_TO_HUMAN: "Cumprimente o cliente e pergunte como ajudar.",
        Intent.BILLING: "Abra a última fatura e explique.",
        Intent.TECHNICAL_PROBLEM: "Pergunte o que falha e comece a verificação.",
        Intent.OTHER: "Escute a nota e pergunte ao cliente do que precisa.",
    },
}
