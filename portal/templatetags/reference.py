"""The marks of the reference's texts as HTML."""

from django import template

from portal.reference import prose

register = template.Library()
register.filter("inline", prose.inline)
register.filter("paragraphs", prose.paragraphs)
register.filter("link_objects", prose.link_objects)
