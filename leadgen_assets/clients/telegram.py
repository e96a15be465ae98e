"""Alerts to the operator's Telegram chat through the Bot API; sends one message and says what became of it."""

import asyncio
from datetime import timedelta

from leadgen_assets.clients.deliveries import SENT, Delivery, never_left
from leadgen_assets.clients.public_trust import public_trust
from leadgen_assets.settings import Settings


class TelegramClient:
    """One bot that writes to one chat."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def missing_setting(self) -> str | None:
        """The name of a setting without which nothing can be sent, or None."""
        names = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID")
        return next((name for name in names if not getattr(self._settings, name.lower())), None)

    def send(self, html: str) -> Delivery:
        """Send one message of Telegram's HTML subset, at most 4096 characters besides markup; trouble is an outcome."""
        return asyncio.run(self._send(html))

    async def _send(self, html: str) -> Delivery:
        from telegram import Bot
        from telegram.constants import ParseMode
        from telegram.error import TelegramError
        from telegram.request import HTTPXRequest

        settings, timeout = self._settings, self._settings.alert_timeout_seconds
        request = HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=timeout,
            read_timeout=timeout,
            write_timeout=timeout,
            pool_timeout=timeout,
            httpx_kwargs={"trust_env": False, "verify": public_trust()},
        )
        try:
            bot = Bot(
                settings.telegram_bot_token,
                base_url=settings.telegram_base_url,
                request=request,
                get_updates_request=request,  # never used; left out, the bot would set up a second client for it
            )
            await bot.send_message(settings.telegram_chat_id, html, parse_mode=ParseMode.HTML)
        except TelegramError as error:
            return _outcome_of(error)
        finally:
            await request.shutdown()
        return SENT


def _outcome_of(error: Exception) -> Delivery:
    from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

    if isinstance(error, RetryAfter):
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        return Delivery("delayed", f"Telegram asked to wait {seconds:g} s.", seconds)
    if isinstance(error, InvalidToken):
        return Delivery("refused", "Telegram does not know this bot: check TELEGRAM_BOT_TOKEN.")
    if isinstance(error, ChatMigrated):
        return Delivery("refused", f"The chat became a supergroup: set TELEGRAM_CHAT_ID to {error.new_chat_id}.")
    if isinstance(error, Forbidden | BadRequest):
        return Delivery("refused", f"Telegram refused it ({error.message}): check TELEGRAM_CHAT_ID.")
    if never_left(error.__cause__):
        return Delivery("delayed", "Telegram cannot be reached: check the network and TELEGRAM_BASE_URL.")
    if isinstance(error, TimedOut):
        return Delivery("unknown", "Telegram did not answer in time; the message may have arrived.")
    if isinstance(error, NetworkError) and error.__cause__ is not None:
        return Delivery("unknown", "The connection to Telegram broke; the message may have arrived.")
    return Delivery("unknown", "Telegram answered with a failure of its own; the message may have arrived.")
