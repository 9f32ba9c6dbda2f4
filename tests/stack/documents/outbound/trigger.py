from flask import Flask, request, jsonify

app = Flask(__name__)

@app.route('/webhook/trigger-call', methods=['POST'])
def webhook_trigger_call():
    """Webhook endpoint to trigger outbound calls"""

    data = request.json

    # Validate webhook payload
    if not data.get('phoneNumber') or not data.get('agentId'):
        return jsonify({'error': 'Missing required fields'}), 400

    try:
        # Initiate call via Heppu API
        response = requests.post(
            'https://v2.heppu.ai/api/v1/calls/outbound',
            headers={'x-api-key': 'YOUR_API_KEY'},
            json={
                'agentId': data['agentId'],
                'phoneNumber': data['phoneNumber'],
                'priority': data.get('priority', 5),
                'metadata': {
                    'source': 'webhook',
                    'webhookId': data.get('id'),
                    **data.get('metadata', {})
                }
            },
            timeout=10
        )

        response.raise_for_status()
        call_data = response.json()

        return jsonify({
            'success': True,
            'callId': call_data['data']['id'],
            'status': call_data['data']['status']
        }), 201

    except requests.exceptions.RequestException as e:
        return jsonify({
            'success': False,
            'error': str(e)
        }), 500
