"""Certificates of optimality in one place: make, write, read and verify them."""

from dmoe_models.algorithms.certify.optimum import Certified, certify
from dmoe_models.files.certificates import read_certificate, write_certificate
from dmoe_models.referee.certificate import Certificate, CertificateReport, verify_certificate

__all__ = [
    "Certificate",
    "CertificateReport",
    "Certified",
    "certify",
    "read_certificate",
    "verify_certificate",
    "write_certificate",
]
