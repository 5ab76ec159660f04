"""stub"""

from pathlib import Path
