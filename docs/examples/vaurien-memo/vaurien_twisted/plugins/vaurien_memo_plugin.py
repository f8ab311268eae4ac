"""
What Vaurien finds of this package: one provider for each name.
"""

from vaurien_memo.stutter import Stutter
from vaurien_memo.wire import Memo

stutter = Stutter()
memo = Memo()
