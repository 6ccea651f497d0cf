import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { USER_MODEL, userSchema } from './user.schema.js';
import { PicturesRepository } from './pictures.repository.js';
import { UsersRepository } from './users.repository.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: USER_MODEL, schema: userSchema }])],
  providers: [UsersRepository, PicturesRepository],
  exports: [UsersRepository, PicturesRepository],
})
export class UsersModule {}
