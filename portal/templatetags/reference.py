"""The marks of the reference's texts as HTML."""

from django import template

from portal.reference import markup

register = template.Library()
register.filter("inline", markup.inline)
register.filter("paragraphs", markup.paragraphs)
register.filter("link_objects", markup.link_objects)
