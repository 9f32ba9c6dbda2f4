import requests

response = requests.post(
    'https://v2.heppu.ai/api/v1/calls/outbound',
    headers={'x-api-key': 'YOUR_API_KEY'},
    json={
        'agentId': '550e8400-e29b-41d4-a716-446655440000',
        'phoneNumber': '+14155552671'
    }
)

data = response.json()
print(f"Call queued: {data['data']['id']}")
print(f"Status: {data['data']['status']}")  # "queued"

# Poll for dial progress — room/SIP ids appear once the call is placed
status_response = requests.get(
    f"https://v2.heppu.ai/api/v1/calls/{data['data']['id']}",
    headers={'x-api-key': 'YOUR_API_KEY'}
)
call = status_response.json()['data']
print(f"Status: {call['status']}")  # queued -> connecting -> active
print(f"Room ID: {call['roomId']}")
