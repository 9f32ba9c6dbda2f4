const response = await fetch('https://v2.heppu.ai/api/v1/calls/outbound', {
  method: 'POST',
  headers: {
    'x-api-key': 'YOUR_API_KEY',
    'Content-Type': 'application/json'
  },
  body: JSON.stringify({
    agentId: '550e8400-e29b-41d4-a716-446655440000',
    phoneNumber: '+14155552671'
  })
});

const data = await response.json();
console.log('Call queued:', data.data.id);
console.log('Status:', data.data.status); // "queued"

// Poll for dial progress — room/SIP ids appear once the call is placed
const statusResponse = await fetch(
  `https://v2.heppu.ai/api/v1/calls/${data.data.id}`,
  { headers: { 'x-api-key': 'YOUR_API_KEY' } }
);
const { data: call } = await statusResponse.json();
console.log('Status:', call.status); // queued → connecting → active
console.log('Room ID:', call.roomId);
