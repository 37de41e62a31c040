"""Pages of a list that may have millions of rows: so many are counted, and no more."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

MOST_COUNTED = 10_000


class CappedPaginator(_Paginator):
    """Counts to 10,000. What lies behind is found by a filter, not by paging through two hundred pages."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are rows beyond those counted."""
        return self._counted > MOST_COUNTED

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_COUNTED + 1].count())
