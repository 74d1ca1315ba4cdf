-- One attempt to tell one channel about an alert.
INSERT INTO ops.alert_delivery (alert_id, channel, delivered, error)
VALUES (%(alert_id)s, %(channel)s, %(delivered)s, %(error)s);
