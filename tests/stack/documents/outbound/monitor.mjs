async function initiateAndMonitor(agentId, phoneNumber) {
  // Initiate call
  const response = await fetch('https://v2.heppu.ai/api/v1/calls/outbound', {
    method: 'POST',
    headers: {
      'x-api-key': 'YOUR_API_KEY',
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({ agentId, phoneNumber })
  });

  const { data: call } = await response.json();
  console.log(`Call initiated: ${call.id}`);

  // Monitor call status
  const checkInterval = setInterval(async () => {
    const statusResponse = await fetch(
      `https://v2.heppu.ai/api/v1/calls/${call.id}`,
      { headers: { 'x-api-key': 'YOUR_API_KEY' } }
    );

    const { data: currentCall } = await statusResponse.json();

    console.log(`Status: ${currentCall.status}`);

    // Stop monitoring when call ends
    if (['completed', 'failed', 'cancelled'].includes(currentCall.status)) {
      clearInterval(checkInterval);
      console.log('Call ended');
      console.log(`Duration: ${currentCall.duration} seconds`);
      console.log(`Summary: ${currentCall.summary}`);
    }
  }, 5000); // Check every 5 seconds

  return call;
}
