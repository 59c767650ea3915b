"""What messages say, in both languages: a subject, which stands in short messages too, and one sentence. `{title}` is
what it is about."""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

ZH: Words = {
    "received": ("已收到报名：{title}", "您的报名已收到，结果将另行通知。"),
    "entered": ("已进入抽签：{title}", "您已进入抽签。抽签公开进行，结果将另行通知。"),
    "confirmed": ("报名成功：{title}", "您的名额已确认。请凭报名码或二维码入场。"),
    "waiting": ("候补登记：{title}", "名额已满，您已进入候补。有空位时按次序通知您。"),
    "offer": ("有空位，请确认：{title}", "候补轮到您了。请在期限前确认，逾期名额转给下一位。"),
    "drawn": ("中签：{title}", "您已中签，名额已确认。请凭报名码或二维码入场。"),
    "drawn_waiting": ("抽签结果：{title}", "您抽得候补次序。有空位时按次序通知您。"),
    "not_drawn": ("未中签：{title}", "很遗憾，您此次未中签。抽签文件已公开，可以自行核验。"),
    "invitation": ("邀请，请确认：{title}", "您已入选。请在期限前确认参加，逾期由替补人选递补。"),
    "reserve": ("替补人选：{title}", "您是替补人选。有人不能参加时按次序通知您。"),
    "not_chosen": ("未入选：{title}", "很遗憾，您此次未入选。名单和产生办法已公开，可以自行核验。"),
    "not_eligible": ("报名未通过：{title}", "您的报名未通过核实，具体原因见报名页面。"),
    "back_in_pool": (
        "将重新产生人选：{title}",
        "此前的结果不再有效，将重新产生人选，原因见公示页面。您的报名仍然有效。",
    ),
    "lapsed": ("期限已过：{title}", "您没有在期限前确认，名额已转给下一位。"),
    "withdrawn": ("已取消报名：{title}", "您的报名已取消。"),
    "moved": ("时间或地点有变：{title}", "您报名的活动有变动，请留意新的时间和地点。"),
    "postponed": ("活动延期：{title}", "您报名的活动延期，新的时间确定后另行通知。您的报名仍然有效。"),
    "cancelled": ("活动取消：{title}", "您报名的活动已取消，请勿前往。"),
    "early": ("提醒：{title}", "您报名的活动即将举行。如不能参加，请取消报名，把名额让给候补的人。"),
    "morning": ("今日提醒：{title}", "您报名的活动就要举行了。"),
    "replies": ("建议已有答复：{title}", "您参加的活动中提出的问题和建议，主办单位已公开答复。"),
    "answered": (
        "意见已有处理结果：{title}",
        "您提出的意见已经研究处理，采纳情况和理由已公开。凭回执可以查询您那一条的处理结果。",
    ),
}
EN: Words = {
    "received": ("Sign-up received: {title}", "Your sign-up has arrived. You will hear of the result."),
    "entered": ("In the draw: {title}", "You are in the draw. It is held in public, and you will hear of the result."),
    "confirmed": ("You have a place: {title}", "Your place is confirmed. Show the code or the QR code at the door."),
    "waiting": (
        "On the waiting list: {title}",
        "All places are taken; you are on the waiting list and will hear in turn.",
    ),
    "offer": (
        "A place is free, please confirm: {title}",
        "It is your turn. Confirm in time, or the place goes to the next person.",
    ),
    "drawn": (
        "You were drawn: {title}",
        "You were drawn and your place is confirmed. Show the code or the QR code at the door.",
    ),
    "drawn_waiting": ("Result of the draw: {title}", "You were drawn for the waiting list and will hear in turn."),
    "not_drawn": (
        "Not drawn: {title}",
        "You were not drawn this time. The documents of the draw are public and can be checked.",
    ),
    "invitation": (
        "Invitation, please confirm: {title}",
        "You were chosen. Confirm in time, or somebody in reserve takes the seat.",
    ),
    "reserve": ("In reserve: {title}", "You are in reserve, and will hear in turn when somebody cannot come."),
    "not_chosen": (
        "Not chosen: {title}",
        "You were not chosen this time. The list and how it was made are public and can be checked.",
    ),
    "not_eligible": ("Not accepted: {title}", "Your sign-up could not be accepted. The page of your sign-up says why."),
    "back_in_pool": (
        "To be chosen again: {title}",
        "The earlier result does not stand; people are chosen again, and the public page says why. "
        "Your sign-up remains.",
    ),
    "lapsed": ("Too late: {title}", "You did not confirm in time, and the place has gone to the next person."),
    "withdrawn": ("Sign-up cancelled: {title}", "Your sign-up is cancelled."),
    "moved": ("Time or place has changed: {title}", "What you signed up for has changed. Note the new time and place."),
    "postponed": (
        "Postponed: {title}",
        "What you signed up for is postponed. You will hear of the new time, and your sign-up remains.",
    ),
    "cancelled": ("Cancelled: {title}", "What you signed up for is cancelled. Please do not come."),
    "early": (
        "Reminder: {title}",
        "What you signed up for is coming up. If you cannot come, cancel, so that somebody who waits gets the place.",
    ),
    "morning": ("Today: {title}", "What you signed up for is about to begin."),
    "replies": (
        "Replies to suggestions: {title}",
        "Questions and suggestions raised when you were there have been answered in public.",
    ),
    "answered": (
        "Your opinion has its answer: {title}",
        "What became of the opinions, and why, is now public. With your receipt you find what became of yours.",
    ),
}
DUTIES: Words = {
    "started": ("期限开始：{title}", "文件已印发，意见收集和采纳情况应当按期公布。"),
    "recomputed": ("期限变动：{title}", "期限已重新计算。"),
    "warned": ("期限提醒：{title}", "期限将至，请尽快公布。"),
    "breached": ("已逾期：{title}", "期限已过，仍未公布。逾期记录向公众公开，长期保留。"),
}
BY_LANGUAGE = {"zh": ZH, "en": EN}
MANY = {"zh": "{count} 项活动", "en": "{count} events"}
"""What a reminder of several events is about."""
