"""The rules of hearings: clocks, seats, materials, the floor, the record and its report; pure, total, without clock."""
