-- One role's password, given as a SCRAM verifier, so that neither the wire nor the server's log sees the plain text.

ALTER ROLE {role} WITH PASSWORD {verifier};
