async function initiateOutboundCall(agentId, phoneNumber, options = {}) {
  try {
    const response = await fetch('https://v2.heppu.ai/api/v1/calls/outbound', {
      method: 'POST',
      headers: {
        'x-api-key': 'YOUR_API_KEY',
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({
        agentId,
        phoneNumber,
        ...options
      })
    });

    if (!response.ok) {
      const error = await response.json();
      throw new Error(error.error.message);
    }

    const data = await response.json();
    console.log('✓ Call queued successfully');
    console.log(`  Call ID: ${data.data.id}`);
    console.log(`  Status: ${data.data.status}`); // "queued" — poll GET /api/v1/calls/{id} for dial progress

    return data.data;

  } catch (error) {
    console.error('✗ Failed to initiate call:', error.message);
    throw error;
  }
}

// Usage
const call = await initiateOutboundCall(
  '550e8400-e29b-41d4-a716-446655440000',
  '+14155552671',
  { priority: 0 }
);
