"""The tools, in the order in which a model sees them."""

from portal.mcp.tool import Tool
from portal.mcp.tools import channels, files, messages, people, scheduled_messages

TOOLS: list[Tool] = [
    people.whoami,
    channels.list_channels,
    channels.get_channel,
    people.find_people,
    messages.read_channel,
    messages.read_thread,
    messages.search_messages,
    files.fetch_file,
    scheduled_messages.list_scheduled_messages,
    messages.send_message,
    messages.send_direct_message,
    scheduled_messages.schedule_message,
    messages.edit_message,
    messages.delete_message,
    scheduled_messages.cancel_scheduled_message,
    messages.react,
    channels.create_channel,
    channels.add_to_channel,
    channels.remove_from_channel,
    people.set_status,
]
