def initiate_emergency_call(contact_phone, alert_type, location):
    """Initiate high-priority emergency call"""

    response = requests.post(
        'https://v2.heppu.ai/api/v1/calls/outbound',
        headers={'x-api-key': 'YOUR_API_KEY'},
        json={
            'agentId': EMERGENCY_AGENT_ID,
            'phoneNumber': contact_phone,
            'priority': 0,  # Highest priority
            'metadata': {
                'alertType': alert_type,
                'location': location,
                'timestamp': datetime.utcnow().isoformat(),
                'urgency': 'critical',
                'requiresImmediate': True
            }
        },
        timeout=5
    )

    response.raise_for_status()
    data = response.json()

    # Log emergency call
    # (room id arrives via GET /api/v1/calls/{id} once the Dial queue places the call)
    log_emergency_call(
        call_id=data['data']['id'],
        status=data['data']['status'],
        alert_type=alert_type,
        location=location
    )

    return data['data']
