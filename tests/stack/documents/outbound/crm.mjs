async function clickToCall(contactId, agentId) {
  // Fetch contact from CRM
  const contact = await fetchContact(contactId);

  // Initiate immediate call
  const response = await fetch('https://v2.heppu.ai/api/v1/calls/outbound', {
    method: 'POST',
    headers: {
      'x-api-key': 'YOUR_API_KEY',
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({
      agentId: agentId,
      phoneNumber: contact.phone,
      priority: 0, // High priority for manual calls
      metadata: {
        contactId: contact.id,
        contactName: contact.name,
        accountId: contact.accountId,
        source: 'crm_click_to_call',
        initiatedBy: 'sales_rep'
      }
    })
  });

  const data = await response.json();

  // Update CRM with call details
  // (room id arrives via GET /api/v1/calls/{id} once the Dial queue places the call)
  await updateCRMCall(contactId, {
    callId: data.data.id,
    status: data.data.status // "queued"
  });

  return data.data;
}
