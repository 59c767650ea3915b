"""The words for what notices names in codes."""

from kaimen.portal.words import N_

MESSAGE_STATES: dict[str, tuple[str, str, str]] = {
    "queued": ("brand", "◷", N_("待发送")),
    "sending": ("brand", "→", N_("正在发送")),
    "sent": ("green", "✓", N_("已送出")),
    "suppressed": ("slate", "–", N_("未发送")),
    "failed": ("red", "✕", N_("发送失败")),
    "dead": ("red", "!", N_("已放弃发送")),
}
MESSAGE_STATES_MEAN: dict[str, str] = {
    "queued": N_("还没有到时间，或者上一次没有送达，到时再试。"),
    "sending": N_("正在交给邮件服务器、短信平台或单位的系统。"),
    "sent": N_("对方的服务器已经收下。"),
    "suppressed": N_("发送时已无必要，或者没有可用的渠道。"),
    "failed": N_("对方明确拒收，不再自动重试。核对后可以重发。"),
    "dead": N_("多次没有送达，不再自动重试。故障排除后可以重发。"),
}
MESSAGE_KINDS: dict[str, str] = {
    "received": N_("已收到报名"),
    "entered": N_("已进入抽签"),
    "confirmed": N_("名额已确认"),
    "waiting": N_("进入候补"),
    "offer": N_("有空位，待确认"),
    "drawn": N_("中签"),
    "drawn_waiting": N_("抽得候补次序"),
    "not_drawn": N_("未中签"),
    "invitation": N_("邀请，待确认"),
    "reserve": N_("列为替补"),
    "not_chosen": N_("未入选"),
    "not_eligible": N_("报名未通过"),
    "back_in_pool": N_("将重新产生人选"),
    "lapsed": N_("逾期未确认"),
    "withdrawn": N_("报名已取消"),
    "moved": N_("时间或地点有变"),
    "postponed": N_("活动延期"),
    "cancelled": N_("活动取消"),
    "early": N_("提前提醒"),
    "morning": N_("当日提醒"),
    "replies": N_("建议已有答复"),
    "answered": N_("意见已有处理结果"),
    "started": N_("期限开始"),
    "recomputed": N_("期限重新计算"),
    "warned": N_("期限将至"),
    "breached": N_("已逾期"),
}
NEWS_TO_COME: str = N_("报名消息，发送时确定内容")
MESSAGE_CHANNELS: dict[str, str] = {
    "email": N_("邮件"),
    "sms": N_("短信"),
    "webhook": N_("推送"),
}
SIGN_UPS: dict[str, str] = {
    "opendays": N_("开放活动报名"),
    "representatives": N_("代表报名"),
    "hearings": N_("听证报名"),
}
MESSAGE_ERRORS: dict[str, str] = {
    "nothing_new": N_("情况没有变化，不必通知"),
    "no_channel": N_("没有可用的渠道"),
    "forgotten": N_("联系方式已按期删除"),
    "quiet_hours": N_("夜间不打扰，早上八点后发送"),
    "unasked": N_("保存联系方式的服务没有回应"),
    "bounced": N_("邮箱不存在或拒收"),
    "greylisted": N_("邮件服务器要求稍后再试"),
    "login": N_("邮件服务器不接受本平台的账号"),
    "smtp": N_("邮件服务器没有回应"),
    "refused": N_("对方的系统拒收"),
    "busy": N_("对方的系统忙"),
    "no_answer": N_("对方的系统没有回应"),
    "not_public": N_("推送地址指向内部网络"),
    "defect": N_("本平台出错，请联系技术人员"),
}
NOTICES_DONE: dict[str, str] = {
    "replayed": N_("已排队重发，内容以发送时的情况为准。"),
    "addresses": N_("通知地址已更改。"),
}
