"""The words by which the offline rules recognise what a customer wants. Data only.

Patterns match lower-case text whose numbers are digits. Intents are ordered: the first language
pattern that matches wins, so the specific ones stand before the general ones.
"""

from collections.abc import Mapping

from chalicelib.voice_note_facts import Intent

INTENTS: Mapping[str, tuple[tuple[Intent, str], ...]] = {
    "en": (
        (
            Intent.CANCEL_SUBSCRIPTION,
            r"(?:cancel|terminate|end|stop|close) (?:my |the |our |this )?"
            r"(?:subscription|membership|contract|plan|account|order|service|policy)"
            r"|unsubscribe",
        ),
        (
            Intent.ADDRESS_CHANGE,
            r"(?:change|update|correct|new|different|wrong|another) (?:my |the |of )?"
            r"(?:\w+ )?address|(?:use|deliver to|send (?:it )?to) (?:my |the |a )?other address"
            r"|(?:moved|moving) (?:house|to a new|to another)"
            r"|\b(?:we|i)(?:'ve| have| just)* moved\b(?! (?:the|my|our|it)\b)",
        ),
        (
            Intent.REFUND,
            r"refund|money back|reimburse\w*|charged (?:me )?(?:twice|two times|double|again)"
            r"|return (?:it|this|the|my) (?:for|and get)|chargeback"
            r"|\b(?:want|like|can i|could i|how do i|have) (?:to )?return\b",
        ),
        (
            Intent.APPOINTMENT,
            r"appointment|(?:book|schedule|reschedule|arrange) (?:a|an|my|the) (?:\w+ )?"
            r"(?:visit|meeting|technician|repair|slot|time|call|delivery)"
            r"|technicians?\b",
        ),
        (
            Intent.OUTAGE,
            r"outage|black ?out|power cut|no (?:power|electricity|signal|service)\b"
            r"|(?:whole|entire) (?:street|building|area|neighbou?rhood)",
        ),
        (
            Intent.BILLING,
            r"\bbills?\b|billing|invoices?|overcharged?|(?:you|was|been|were) charged|charge on my"
            r"|payments?|direct debit|receipt",
        ),
        (
            Intent.TECHNICAL_PROBLEM,
            r"(?:internet|wi-?fi|connection|router|modem|app|website|phone|screen|device|television"
            r"|tv|line|network) (?:\w+ ){0,6}(?:down|stopped|stop|broken?|slow|dead|not working"
            r"|doesn't|does not|won't|will not|can't|cannot|crash\w*|fail\w*)"
            r"|(?:internet|wi-?fi|connection) has been|(?:not|stopped|isn't|doesn't) work(?:ing)?"
            r"|error message|log ?in|password|technical",
        ),
        (
            Intent.COMPLAINT,
            r"complain\w*|damaged|broken|defective|faulty|wrong (?:item|product|size|colou?r)"
            r"|unacceptable|terrible|awful|disappointed|replacement",
        ),
        (
            Intent.ORDER_STATUS,
            r"(?:where|when|status|track|arriv\w*|deliver\w*|shipped|late|waiting)\b.{0,60}"
            r"\b(?:order|parcel|package|delivery|shipment|arriv\w*)"
            r"|(?:order|parcel|package|delivery|shipment)\b.{0,60}"
            r"\b(?:where|when|status|track|not arrived|arriv\w*|late|delivered|yet|shipped)"
            r"|(?:about|calling about|regarding) (?:my|the|an) (?:order|parcel|package|delivery)"
            r"|has(?: not|n't) arrived",
        ),
        (Intent.ADDRESS_CHANGE, r"(?:delivery|shipping|postal) address"),
        (
            Intent.TALK_TO_HUMAN,
            r"(?:speak|talk) (?:with|to) (?:\w+ ){0,3}"
            r"(?:person|human|agent|manager|supervisor|someone|somebody|representative|operator)"
            r"|(?:real|human) (?:person|being|agent)|call me(?: back)?",
        ),
    ),
    "es": (
        (
            Intent.CANCEL_SUBSCRIPTION,
            r"(?:cancelar|anular|dar de baja|terminar) (?:\w+ ){0,3}"
            r"(?:suscripción|contrato|plan|cuenta|servicio|pedido)|darme de baja",
        ),
        (
            Intent.ADDRESS_CHANGE,
            r"(?:cambi\w*|actualizar|corregir|nueva|otra) (?:\w+ ){0,3}(?:dirección|domicilio)"
            r"|me (?:mudé|he mudado|mudo)",
        ),
        (
            Intent.REFUND,
            r"reembols\w*|devol(?:ución|ver|vieran?|verme|uci[oó]n)|devuelv\w*"
            r"|v(?:uelv|olv)\w+ (?:\w+ ){0,2}dinero"
            r"|cobr\w+ (?:dos|2) veces|cobr\w+ doble",
        ),
        (
            Intent.APPOINTMENT,
            r"\bcita\b|(?:agendar|reservar|programar) (?:\w+ ){0,3}(?:visita|hora|técnico|reunión)",
        ),
        (
            Intent.OUTAGE,
            r"apag[oó]n|corte de|sin (?:luz|electricidad|señal|servicio)|toda la (?:calle|zona)",
        ),
        (Intent.BILLING, r"factura\w*|recibo|me (?:han )?cobr\w+|pagos?|cargo"),
        (
            Intent.TECHNICAL_PROBLEM,
            r"no (?:me )?(?:funciona|anda|carga|conecta)|(?:internet|wifi|conexión|router"
            r"|aplicación|app|teléfono|pantalla)\b.{0,40}\b(?:caíd[oa]|lent[oa]|rot[oa]|falla|no)\b"
            r"|dejó de funcionar|contraseña",
        ),
        (
            Intent.COMPLAINT,
            r"quej\w*|reclam\w*|dañad[oa]|rot[oa]|defectuos[oa]|equivocad[oa]|inaceptable|pésim[oa]",
        ),
        (
            Intent.ORDER_STATUS,
            r"(?:dónde|donde|cuándo|cuando|estado|llega\w*|enví\w*)\b.{0,60}"
            r"\b(?:pedido|paquete|envío|compra)|(?:pedido|paquete|envío|compra)\b.{0,60}"
            r"\b(?:llega\w*|dónde|donde|cuándo|estado|todavía|aún|enviado)|no ha llegado",
        ),
        (
            Intent.TALK_TO_HUMAN,
            r"hablar con (?:\w+ ){0,3}(?:persona|alguien|agente|encargad[oa]|supervisor\w*|gerente"
            r"|human[oa]|operador\w*)|que me llamen|ll[aá]menme",
        ),
    ),
    "pt": (
        (
            Intent.CANCEL_SUBSCRIPTION,
            r"(?:cancelar|encerrar|terminar) (?:\w+ ){0,3}"
            r"(?:assinatura|contrato|plano|conta|serviço|pedido|subscrição)",
        ),
        (
            Intent.ADDRESS_CHANGE,
            r"(?:mud\w*|troc\w*|atualizar|corrigir|alterar|novo|outro) (?:\w+ ){0,3}"
            r"(?:endereço|morada)|me mudei",
        ),
        (
            Intent.REFUND,
            r"reembols\w*|estorn\w*|devol(?:ução|ver|vam|va)|dinheiro de volta"
            r"|cobr\w+ (?:duas|2) vezes|cobr\w+ em dobro",
        ),
        (
            Intent.APPOINTMENT,
            r"(?:marcar|agendar|remarcar|reservar) (?:\w+ ){0,3}(?:consulta|visita|horário|hora"
            r"|técnico|reunião)|agendamento",
        ),
        (
            Intent.OUTAGE,
            r"apagão|queda de|sem (?:luz|energia|sinal|serviço)|rua inteira|toda a (?:rua|região)",
        ),
        (Intent.BILLING, r"fatura\w*|boleto|conta (?:está|veio)|me cobr\w+|cobrança|pagamentos?"),
        (
            Intent.TECHNICAL_PROBLEM,
            r"não (?:está )?(?:funciona\w*|liga|carrega|conecta)|(?:internet|wifi|conexão|roteador"
            r"|aplicativo|app|telefone|celular|tela)\b.{0,40}\b(?:caiu|lent[oa]|quebrad[oa]|não)\b"
            r"|parou de funcionar|senha",
        ),
        (
            Intent.COMPLAINT,
            r"reclam\w*|queixa|danificad[oa]|quebrad[oa]|defeito|errad[oa]|inaceitável|péssim[oa]",
        ),
        (
            Intent.ORDER_STATUS,
            r"(?:onde|quando|status|situação|cheg\w*|envi\w*)\b.{0,60}"
            r"\b(?:pedido|pacote|encomenda|compra|entrega)"
            r"|(?:pedido|pacote|encomenda|compra|entrega)\b.{0,60}"
            r"\b(?:cheg\w*|onde|quando|ainda|enviado)|não chegou",
        ),
        (
            Intent.TALK_TO_HUMAN,
            r"falar com (?:\w+ ){0,3}(?:pessoa|alguém|atendente|gerente|supervisor\w*|human[oa])"
            r"|me (?:liguem|ligue)",
        ),
    ),
}
