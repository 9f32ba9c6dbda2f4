# What the guide leaves to its reader, up to the next comment.
from dataclasses import dataclass

from fastapi import Depends, FastAPI, HTTPException, Request

app = FastAPI()
valid_token = ""
recorded = []


@dataclass
class User:
    id: str


@dataclass
class Meal:
    id: str


def validate_voice_session_token(request: Request) -> User:
    if request.headers.get("authorization") != f"Bearer {valid_token}":
        raise HTTPException(status_code=401)
    return User("user-123")


async def create_meal_record(user_id, meal_data):
    recorded.append((user_id, meal_data))
    return Meal(f"meal-{len(recorded)}")


# The guide's own words.
@app.post("/api/v1/meals")
async def create_meal(
    request: Request,
    user: User = Depends(validate_voice_session_token), # Validates auth_token
):
    """Create a meal record from voice call."""
    data = await request.json()
    # User is authenticated via the token passed in user_context
    meal = await create_meal_record(
        user_id=user.id,
        meal_data=data["meal"],
    )
    return {"meal_id": meal.id}
