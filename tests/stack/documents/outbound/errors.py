def initiate_outbound_call(agent_id, phone_number, **kwargs):
    try:
        response = requests.post(
            'https://v2.heppu.ai/api/v1/calls/outbound',
            headers={'x-api-key': 'YOUR_API_KEY'},
            json={
                'agentId': agent_id,
                'phoneNumber': phone_number,
                **kwargs
            },
            timeout=10
        )

        response.raise_for_status()
        data = response.json()

        print('✓ Call queued successfully')
        print(f"  Call ID: {data['data']['id']}")
        print(f"  Status: {data['data']['status']}")  # "queued" — poll GET /api/v1/calls/{id} for dial progress

        return data['data']

    except requests.exceptions.HTTPError as e:
        error_data = e.response.json()
        print(f"✗ Failed to initiate call: {error_data['error']['message']}")
        raise

# Usage
call = initiate_outbound_call(
    '550e8400-e29b-41d4-a716-446655440000',
    '+14155552671',
    priority=0
)
