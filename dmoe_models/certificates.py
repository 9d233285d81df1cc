"""Certificates of optimality in one place: make, write, read and verify them.

`certify_answer` keeps a solution and its certificate in a folder of `Answers`.
"""

from dmoe_models.algorithms.certify.optimum import Certified, certify
from dmoe_models.files.certificates import read_certificate, write_certificate
from dmoe_models.referee.certificate import Certificate, CertificateReport, verify_certificate
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.certified import certify_answer

__all__ = [
    "Answers",
    "Certificate",
    "CertificateReport",
    "Certified",
    "certify",
    "certify_answer",
    "read_certificate",
    "verify_certificate",
    "write_certificate",
]
